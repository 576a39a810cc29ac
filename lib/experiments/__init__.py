"""What the sections train: a module a knob, `sweep` for tables of many networks, `parameters` for the cells."""
