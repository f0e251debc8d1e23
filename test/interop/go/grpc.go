package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	mobiledataplansharingpb "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1"
)

// grpcCallers returns the caller that uses google.golang.org/grpc. It connects in
// cleartext, with the service config for timeouts and retries.
func grpcCallers(endpoint, serviceConfig string) []caller {
	connection, err := grpc.NewClient(
		strings.TrimPrefix(endpoint, "http://"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
	)
	if err != nil {
		log.Fatal(err)
	}
	statuses := mobiledataplansharingpb.NewPlanStatusServiceClient(connection)
	groups := mobiledataplansharingpb.NewPlanGroupServiceClient(connection)
	call := func(ctx context.Context, token string, request proto.Message) (proto.Message, error) {
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
		}
		switch request := request.(type) {
		case *mobiledataplansharingpb.CreateUserPlanStatusRequest:
			return statuses.CreateUserPlanStatus(ctx, request)
		case *mobiledataplansharingpb.CreatePlanStatusRequest:
			return statuses.CreatePlanStatus(ctx, request)
		case *mobiledataplansharingpb.CreatePlanGroupRequest:
			return groups.CreatePlanGroup(ctx, request)
		default:
			return nil, fmt.Errorf("no method takes a %T", request)
		}
	}
	readError := func(err error) *failure {
		read := status.Convert(err)
		return newFailure(read.Code(), read.Message(), read.Details())
	}
	return []caller{{protocol: "grpc", call: call, readError: readError}}
}
