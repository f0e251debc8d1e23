package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func checkDockerfile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		return err
	}
	var problems []error
	for _, warning := range parsed.Warnings {
		problems = append(problems, errors.New(warning.Short))
	}
	rules := linter.New(&linter.Config{
		Warn: func(rule, description, url, message string, _ []parser.Range) {
			problems = append(problems, fmt.Errorf("%s: %s (%s)", rule, message, url))
		},
	})
	stages, _, err := instructions.Parse(parsed.AST, rules)
	if err != nil {
		return err
	}
	for _, stage := range stages {
		fmt.Println("stage", stage.Name, "with", len(stage.Commands), "instructions")
	}
	return errors.Join(problems...)
}
