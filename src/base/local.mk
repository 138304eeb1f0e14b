# Sources and headers of src/base, in libpure.a. One path a line, from the top folder.
base_sources =
