"""What clusters need of AWS: one inventory, declared as objects of ACK or as Terraform stacks."""
