// Command interop sends every case of the vectors to the server and prints one
// JSON object for each. Its argument names the library: grpc-go or connect-go.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/protobuf/proto"
)

// A caller speaks one protocol.
type caller struct {
	// Name in the harness.
	protocol string
	// Sends a request of one of the three creates, with a bearer token unless it is empty.
	call func(ctx context.Context, token string, request proto.Message) (proto.Message, error)
	// Reads an error of call.
	readError func(error) *failure
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: interop grpc-go|connect-go")
	}
	endpoint := os.Getenv("MDPS_ENDPOINT")
	var callers []caller
	switch os.Args[1] {
	case "grpc-go":
		serviceConfig, err := os.ReadFile(os.Getenv("MDPS_SERVICE_CONFIG"))
		if err != nil {
			log.Fatal(err)
		}
		callers = grpcCallers(endpoint, string(serviceConfig))
	case "connect-go":
		callers = connectCallers(endpoint)
	default:
		log.Fatalf("%s is neither grpc-go nor connect-go", os.Args[1])
	}
	vectors, err := readVectors(os.Getenv("MDPS_VECTORS"))
	if err != nil {
		log.Fatal(err)
	}
	var tokens map[string]string
	if err := json.Unmarshal([]byte(os.Getenv("MDPS_TOKENS")), &tokens); err != nil {
		log.Fatalf("MDPS_TOKENS: %v", err)
	}
	for _, caller := range callers {
		for _, form := range []string{"json", "binary"} {
			for _, each := range vectors.Cases {
				report(caller.protocol, form, each, run(caller, form, each, tokens))
			}
		}
	}
}

// run sends a case. It returns the problem of the answer, or an empty string.
func run(caller caller, form string, each *vector, tokens map[string]string) string {
	token, known := tokens[each.Token]
	if !known && each.Token != "none" {
		return fmt.Sprintf("MDPS_TOKENS has no %q", each.Token)
	}
	request, err := each.message(form)
	if err != nil {
		return fmt.Sprintf("the request cannot be read: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	response, err := caller.call(ctx, token, request)
	if err != nil {
		return each.compareError(caller.readError(err))
	}
	return each.compareResponse(response)
}

func report(protocol, form string, each *vector, why string) {
	line := map[string]any{"protocol": protocol, "form": form, "case": each.Name, "ok": why == ""}
	if why != "" {
		line["why"] = why
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		log.Fatal(err)
	}
}
