# A task that ferry can run and enter, with the least rights that needs, and a migration that runs with each new revision.
# `ferry` must be on the PATH of whoever applies this, with the credentials that Terraform has.

terraform {
  required_version = ">= 1.4" # terraform_data
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "name" {
  type    = string
  default = "app"
}

variable "image" {
  type = string
}

variable "region" {
  type = string
}

variable "cluster" {
  type    = string
  default = "default"
}

variable "subnets" {
  type = list(string)
}

variable "security_groups" {
  type = list(string)
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "/ecs/${var.name}"
  retention_in_days = 30
}

# What the command may do. The ssmmessages actions are for `ferry exec` and `ferry run --attach`; they belong on this role, not on the
# execution role.
resource "aws_iam_role" "task" {
  name = "${var.name}-task"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "exec" {
  name = "ecs-exec"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel"
      ]
      Resource = "*"
    }]
  })
}

# What ECS itself may do to start the task: pull the image, write the log.
resource "aws_iam_role" "execution" {
  name = "${var.name}-execution"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_ecs_task_definition" "app" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "256"
  memory                   = "512"
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name      = "app"
    image     = var.image
    essential = true
    command   = ["sleep", "infinity"]
    linuxParameters = {
      initProcessEnabled = true
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.app.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "app"
        "mode"                  = "blocking"
      }
    }
  }])
}

# Runs once for each revision of the task definition. A migration that fails fails the apply, with its log above.
resource "terraform_data" "migration" {
  triggers_replace = [aws_ecs_task_definition.app.arn]

  provisioner "local-exec" {
    command = "ferry run \"$TASK_DEFINITION\" --cluster \"$CLUSTER\" --launch-type FARGATE --network-configuration \"$NETWORK\" --timeout 15m -- sh -c 'echo migrated'"
    environment = {
      TASK_DEFINITION = aws_ecs_task_definition.app.arn
      CLUSTER         = var.cluster
      NETWORK = jsonencode({
        awsvpcConfiguration = {
          subnets        = var.subnets
          securityGroups = var.security_groups
          assignPublicIp = "DISABLED"
        }
      })
    }
  }
}
