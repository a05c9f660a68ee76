"""From a YAML file to a directory of results: config, loading, execution, storage."""
