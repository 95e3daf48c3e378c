"""The platform on a laptop: the synthesized templates of both apps, deployed to an AWS in this
process, with the functions and Glue scripts that they name run as they are.

    python -m local_cloud run FILE… | up | demo
"""
