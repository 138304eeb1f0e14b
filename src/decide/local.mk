# Sources and headers of src/decide, in libpure.a. One path a line, from the top folder.
decide_sources =
