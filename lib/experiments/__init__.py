"""What the sections train: a module for each knob, `sweep` for the tables of many networks, `parameters` for the cells."""
