# Sources and headers of src/sys, in libhost.a. One path a line, from the top folder.
sys_sources =
