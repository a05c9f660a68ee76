"""Objects in memory that hold a table, one kind a module; `registry` lists them."""
