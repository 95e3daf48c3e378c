"""S3 with the bytes of its objects in files, so that size is no matter and Spark can read them."""
