"""Access control: each call of a role is judged by the policies of the deployed templates."""
