"""Files that adopters edit, and names that both apps share. Imports neither aws_cdk nor boto3."""
