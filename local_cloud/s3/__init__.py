"""S3 with the bytes of objects in files, so that size does not matter and Spark can read them."""
