# Sources and headers of src/fetch but its main.c, in libfetch.a. One path a line, from the top folder.
fetch_sources =
