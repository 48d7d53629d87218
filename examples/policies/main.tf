# A secret, and the function that rotates it.

variable "stage" { default = "prod" }
variable "region" { default = "us-east-1" }
variable "account_id" { default = "123456789012" }

locals {
  secret   = "${var.stage}/api"
  function = "rotate-api-${var.stage}"
}

resource "aws_secretsmanager_secret" "api" {
  name = local.secret
}

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# It names the secret by its name and six wildcards. A plan doesn't know aws_secretsmanager_secret.api.arn,
# since AWS makes up the end of it.
data "aws_iam_policy_document" "rotate" {
  statement {
    actions = [
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ]
    resources = ["arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${local.secret}-??????"]
  }
  statement {
    actions   = ["secretsmanager:GetRandomPassword"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "rotation" {
  name               = local.function
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy" "rotate" {
  name   = "rotate"
  role   = aws_iam_role.rotation.id
  policy = data.aws_iam_policy_document.rotate.json
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.rotation.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
