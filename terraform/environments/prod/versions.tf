terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.69, < 7.0"
    }
  }

  # Bucket and region come from backend.hcl (see backend.hcl.example): they differ between the users of VideoFlow.
  backend "s3" {
    key          = "videoflow/prod.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
