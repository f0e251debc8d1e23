// Checks deployment files with the parsers of Kubernetes, kustomize and BuildKit.
//
//	deploycheck manifests DIRECTORY...   builds each kustomization and decodes every object strictly
//	deploycheck objects FILE...          decodes every object of each file strictly
//	deploycheck dockerfile FILE          parses the Dockerfile and applies the BuildKit lint rules
//
// It prints a line for each object or stage. If there are problems, it prints them to standard error and exits with 1.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: deploycheck manifests|objects|dockerfile PATH..."))
	}
	check, known := map[string]func(string) error{
		"manifests":  checkKustomization,
		"objects":    checkFile,
		"dockerfile": checkDockerfile,
	}[os.Args[1]]
	if !known {
		fail(fmt.Errorf("unknown check %q", os.Args[1]))
	}
	for _, path := range os.Args[2:] {
		if err := check(path); err != nil {
			fail(fmt.Errorf("%s: %w", path, err))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
