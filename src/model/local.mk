# Sources and headers of src/model, in libpure.a. One path a line, from the top folder.
model_sources =
