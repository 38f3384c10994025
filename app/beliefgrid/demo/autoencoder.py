"""An autoencoder on real MRI slices: how well does it reconstruct slices it never saw?

The images are axial slices of the ICBM152 T1 template, which ships inside the `nilearn` wheel.
"""

import warnings
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float64]

PATCH = 16  # pixels on a side
TRAIN_SLICES = range(30, 100, 2)  # from below the middle of the brain
HELD_OUT_SLICES = range(108, 140, 4)  # and from above it, 8 mm apart from the others
MIN_BRIGHTNESS = 0.05  # patches that show mostly air teach nothing
EPOCHS = 30
BATCH = 128
SEED = 0


def reconstruction_mse(
    *, learning_rate: float, latent_dim: int, activation: str = "tanh", epochs: int = EPOCHS
) -> float:
    """Train one autoencoder; return its mean squared error on the held-out slices.

    Pixels go from 0 to 1. The same combination gives the same number every time.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor
    from threadpoolctl import threadpool_limits

    train, held_out = patches()
    model = MLPRegressor(
        hidden_layer_sizes=(latent_dim,),
        activation=activation,
        learning_rate_init=learning_rate,
        batch_size=BATCH,
        max_iter=epochs,
        n_iter_no_change=epochs,  # every combination trains equally long
        random_state=SEED,
    )
    # Small matrices gain nothing from threads, and two workers only get in each other's way.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # the epochs are the budget
        model.fit(train, train)
        return float(np.mean((model.predict(held_out) - held_out) ** 2))


def warm_up() -> None:
    """Load what each training needs, so that the first one is timed like all others."""
    reconstruction_mse(learning_rate=0.01, latent_dim=1, epochs=1)


@lru_cache(maxsize=1)
def patches() -> tuple[Images, Images]:
    """Return patches (n, PATCH²) to train on, and others from elsewhere in the volume."""
    volume = _volume()
    return _cut(volume, TRAIN_SLICES), _cut(volume, HELD_OUT_SLICES)


def template_path() -> Path:
    """Return where the ICBM152 T1 template lies inside the nilearn wheel."""
    found = find_spec("nilearn")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("no module named 'nilearn'", name="nilearn")
    folder = Path(found.submodule_search_locations[0]) / "datasets" / "data"
    return folder / "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"


def _volume() -> Images:
    import nibabel

    image: Any = nibabel.load(template_path())
    voxels = np.asarray(image.dataobj, dtype=np.float64)
    return np.asarray(voxels / voxels.max(), dtype=np.float64)


def _cut(volume: Images, slices: range) -> Images:
    rows, columns = (size // PATCH for size in volume.shape[:2])
    images = volume[: rows * PATCH, : columns * PATCH, list(slices)].transpose(2, 0, 1)
    tiles = images.reshape(len(slices), rows, PATCH, columns, PATCH).swapaxes(2, 3)
    flat = tiles.reshape(-1, PATCH * PATCH)
    is_head = flat.mean(axis=1) > MIN_BRIGHTNESS
    return np.asarray(flat[is_head], dtype=np.float64)
