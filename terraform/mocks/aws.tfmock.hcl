# Stands in for AWS in the tests of the configurations, so that they need no account and make nothing: what is checked when
# a plan is made (ARNs), or compared by the tests, looks like AWS's own; everything else is made up by Terraform.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { dns_suffix = "amazonaws.com", partition = "aws" }
}

# Not the region of CloudFront's control plane, so that what has to be there shows.
mock_data "aws_region" {
  defaults = { region = "eu-west-1" }
}

mock_resource "aws_iam_policy" {
  defaults = { arn = "arn:aws:iam::123456789012:policy/mock" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
}

mock_resource "aws_lambda_function" {
  defaults = {
    arn           = "arn:aws:lambda:eu-west-1:123456789012:function:mock"
    qualified_arn = "arn:aws:lambda:eu-west-1:123456789012:function:mock:1"
  }
}

mock_resource "aws_sfn_state_machine" {
  defaults = {
    arn                       = "arn:aws:states:eu-west-1:123456789012:stateMachine:mock"
    state_machine_version_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:mock:1"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-west-1:123456789012:mock"
    id  = "https://sqs.eu-west-1.amazonaws.com/123456789012/mock"
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/mock"
  }
}
