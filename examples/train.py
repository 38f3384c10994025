"""A program that knows nothing of beliefgrid: kernel ridge regression, five folds, mean R².

python examples/train.py --alpha 0.1 --gamma 0.01 --kernel rbf
"""

import argparse

from sklearn.datasets import load_diabetes
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    """Print the score of one combination as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpha", type=float, required=True)
    parser.add_argument("--gamma", type=float, required=True)
    parser.add_argument("--kernel", choices=["rbf", "laplacian"], required=True)
    given = parser.parse_args()
    features, target = load_diabetes(return_X_y=True)
    model = KernelRidge(alpha=given.alpha, gamma=given.gamma, kernel=given.kernel)
    centred = target - target.mean()
    scores = cross_val_score(
        make_pipeline(StandardScaler(), model), features, centred, scoring="r2"
    )
    print(scores.mean())


if __name__ == "__main__":
    main()
