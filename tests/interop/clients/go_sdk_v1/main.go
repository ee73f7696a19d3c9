// A program on aws-sdk-go v1 as its users write it: it makes one ECS call, given as JSON, and tells the errors apart by their codes.
//
//	go_v1 OPERATION JSON    with the endpoint in ENDPOINT and credentials and region in the usual variables
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/ecs"
)

func call[I, O any](text string, operation func(*I) (*O, error)) (any, error) {
	input := new(I)
	if err := json.Unmarshal([]byte(text), input); err != nil {
		return nil, err
	}
	return operation(input)
}

func run(client *ecs.ECS, operation, input string) (any, error) {
	switch operation {
	case "RunTask":
		return call(input, client.RunTask)
	case "ExecuteCommand":
		return call(input, client.ExecuteCommand)
	case "DescribeTasks":
		return call(input, client.DescribeTasks)
	case "WaitTasksStopped":
		return call(input, func(tasks *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
			often := request.WithWaiterDelay(request.ConstantWaiterDelay(100 * time.Millisecond))
			if err := client.WaitUntilTasksStoppedWithContext(aws.BackgroundContext(), tasks, often); err != nil {
				return nil, err
			}
			return client.DescribeTasks(tasks)
		})
	}
	return nil, fmt.Errorf("unknown operation %q", operation)
}

// The branch that a user's program takes for an error.
func branch(code string) string {
	switch code {
	case ecs.ErrCodeServerException:
		return "server"
	case ecs.ErrCodeClientException:
		return "client"
	case ecs.ErrCodeInvalidParameterException:
		return "invalid parameter"
	case ecs.ErrCodeClusterNotFoundException:
		return "cluster not found"
	case ecs.ErrCodeUnsupportedFeatureException:
		return "unsupported feature"
	case ecs.ErrCodePlatformUnknownException:
		return "platform unknown"
	case ecs.ErrCodePlatformTaskDefinitionIncompatibilityException:
		return "platform and task definition incompatible"
	case ecs.ErrCodeAccessDeniedException:
		return "access denied"
	case ecs.ErrCodeBlockedException:
		return "blocked"
	case ecs.ErrCodeTargetNotConnectedException:
		return "target not connected"
	}
	return "other: " + code
}

func main() {
	configuration := aws.NewConfig().WithEndpoint(os.Getenv("ENDPOINT")).WithMaxRetries(0)
	client := ecs.New(session.Must(session.NewSession(configuration)))
	output, err := run(client, os.Args[1], os.Args[2])
	if failure, ok := err.(awserr.Error); ok {
		output = map[string]string{"branch": branch(failure.Code()), "message": failure.Message()}
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(output)
}
