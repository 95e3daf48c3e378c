"""What an adopter edits, and the names both apps share. Imports neither aws_cdk nor boto3."""
