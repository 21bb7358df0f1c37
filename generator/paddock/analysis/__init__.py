"""Pure computations over specs and objects, which checks, diff and commands only put into words."""
