"""The version of the numbers: it changes when the same input may give other bits."""

ENGINE_VERSION = "1"
