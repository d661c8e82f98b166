"""Files that programs send ahead of a submission, to be seen beside its output: images, documents, tables, texts."""
