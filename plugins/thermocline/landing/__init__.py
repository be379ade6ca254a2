"""Landing: delivered files are copied unmodified, named by their content, and recorded in the manifest.

Input: files of the configured sources. Output: read-only copies below `landing/`, each with its place in
the order of deliveries.
The extract tasks call `land`; `loading` reads what stands.
"""
