"""What can go wrong between us and the database, in the service's own words."""


class StorageError(Exception):
    """The database did not take the change; nothing of it was stored."""


class StorageFullError(StorageError):
    """There is no room left for the change."""


class StorageUnavailableError(StorageError):
    """The database cannot be reached, or is busy for longer than we wait."""


class SchemaError(StorageError):
    """The database's tables are not the ones this release works with."""


class DatabaseInUseError(StorageError):
    """Another process already serves this SQLite file."""
