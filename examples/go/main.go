// Runs a command in a running task through the AWS SDK for Go and brings its result back.
//
//	go run . CLUSTER TASK COMMAND...
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

type result struct {
	stdout, stderr bytes.Buffer
	exitCode       int
}

// runInTask calls ExecuteCommand with a wrapped command and has ferry collect what became of it. An error means that
// ferry or the service could not be called; a command that failed is a result.
func runInTask(ctx context.Context, client *ecs.Client, cluster, task string, command []string) (*result, error) {
	wrapped, err := exec.CommandContext(ctx, "ferry", append([]string{"wrap", "--"}, command...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("ferry wrap: %w", err)
	}
	response, err := client.ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
		Cluster:     aws.String(cluster),
		Task:        aws.String(task),
		Command:     aws.String(strings.TrimSuffix(string(wrapped), "\n")),
		Interactive: true,
	})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(response)
	if err != nil {
		return nil, err
	}

	collected := new(result)
	collect := exec.CommandContext(ctx, "ferry", "collect")
	collect.Stdin, collect.Stdout, collect.Stderr = bytes.NewReader(text), &collected.stdout, &collected.stderr
	var failed *exec.ExitError
	if err := collect.Run(); err != nil && !errors.As(err, &failed) {
		return nil, fmt.Errorf("ferry collect: %w", err)
	}
	collected.exitCode = collect.ProcessState.ExitCode()
	return collected, nil
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: go run . CLUSTER TASK COMMAND...")
		os.Exit(125)
	}
	ctx := context.Background()
	configuration, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	got, err := runInTask(ctx, ecs.NewFromConfig(configuration), os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	os.Stdout.Write(got.stdout.Bytes())
	os.Stderr.Write(got.stderr.Bytes())
	os.Exit(got.exitCode)
}
