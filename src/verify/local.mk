# Sources and headers of src/verify, in libhost.a. One path a line, from the top folder.
verify_sources =
