"""Paddock: a GitOps repository generator and validator for machine-learning platforms on AWS EKS."""

__version__ = "0.1.0"
