# Sources and headers of src/report, in libhost.a. One path a line, from the top folder.
report_sources =
