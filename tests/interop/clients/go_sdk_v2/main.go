// A program on aws-sdk-go v2 as its users write it: it makes one ECS call, given as JSON, and tells the errors apart by their types.
//
//	go_v2 OPERATION JSON    with the endpoint in ENDPOINT and credentials and region in the usual variables
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

func call[I, O any](text string, operation func(context.Context, *I, ...func(*ecs.Options)) (*O, error)) (any, error) {
	input := new(I)
	if err := json.Unmarshal([]byte(text), input); err != nil {
		return nil, err
	}
	return operation(context.Background(), input)
}

func run(client *ecs.Client, operation, input string) (any, error) {
	switch operation {
	case "RunTask":
		return call(input, client.RunTask)
	case "ExecuteCommand":
		return call(input, client.ExecuteCommand)
	case "DescribeTasks":
		return call(input, client.DescribeTasks)
	case "WaitTasksStopped":
		waiter := ecs.NewTasksStoppedWaiter(client, func(options *ecs.TasksStoppedWaiterOptions) {
			options.MinDelay = 100 * time.Millisecond
			options.MaxDelay = 100 * time.Millisecond
		})
		tasks := new(ecs.DescribeTasksInput)
		if err := json.Unmarshal([]byte(input), tasks); err != nil {
			return nil, err
		}
		return waiter.WaitForOutput(context.Background(), tasks, time.Minute)
	}
	return nil, fmt.Errorf("unknown operation %q", operation)
}

// is tells whether the chain of errors holds one of type T.
func is[T error](err error) bool {
	var wanted T
	return errors.As(err, &wanted)
}

// The branch that a user's program takes for an error.
func branch(err error) string {
	switch {
	case is[*types.ServerException](err):
		return "server"
	case is[*types.ClientException](err):
		return "client"
	case is[*types.InvalidParameterException](err):
		return "invalid parameter"
	case is[*types.ClusterNotFoundException](err):
		return "cluster not found"
	case is[*types.UnsupportedFeatureException](err):
		return "unsupported feature"
	case is[*types.PlatformUnknownException](err):
		return "platform unknown"
	case is[*types.PlatformTaskDefinitionIncompatibilityException](err):
		return "platform and task definition incompatible"
	case is[*types.AccessDeniedException](err):
		return "access denied"
	case is[*types.BlockedException](err):
		return "blocked"
	case is[*types.TargetNotConnectedException](err):
		return "target not connected"
	}
	return "other: " + err.Error()
}

func main() {
	client := ecs.New(ecs.Options{
		Region:           os.Getenv("AWS_REGION"),
		EndpointResolver: ecs.EndpointResolverFromURL(os.Getenv("ENDPOINT")),
		RetryMaxAttempts: 1,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "")),
	})
	output, err := run(client, os.Args[1], os.Args[2])
	var failure smithy.APIError
	if errors.As(err, &failure) {
		output = map[string]string{"branch": branch(err), "message": failure.ErrorMessage()}
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(output)
}
