# Sources and headers of src/facts, in libhost.a. One path a line, from the top folder.
facts_sources =
