"""Where a person stands in a programme, and which courses would carry them through it most cheaply."""
