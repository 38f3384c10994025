"""The verbs: the only package that knows both the engine and the database.

Each action is a plain function of a connection and keyword arguments that runs in one
transaction. Times come in as arguments; errors are `errors.ActionError`.
"""
