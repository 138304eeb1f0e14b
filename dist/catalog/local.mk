# The tables that are compiled in and installed, each a file name from the top folder.
catalog_files = dist/catalog/vm-sizes.tsv dist/catalog/other-sizes.tsv \
	dist/catalog/releases.tsv dist/catalog/inbox.tsv dist/catalog/pci-ids.tsv \
	dist/catalog/signing-keys.tsv
