package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	mobiledataplansharingpb "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1"
	"github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1/mobiledataplansharingpbconnect"
)

// connectCallers returns callers that use connectrpc.com/connect, one for each of
// its protocols and codecs. gRPC uses HTTP/2, the others HTTP/1.1.
func connectCallers(endpoint string) []caller {
	http1 := &http.Client{Transport: &http.Transport{}}
	cleartext2 := &http.Transport{Protocols: new(http.Protocols)}
	cleartext2.Protocols.SetUnencryptedHTTP2(true)
	http2 := &http.Client{Transport: cleartext2}
	json := connect.WithProtoJSON()
	return []caller{
		connectCaller("grpc", http2, endpoint, connect.WithGRPC()),
		connectCaller("grpc json", http2, endpoint, connect.WithGRPC(), json),
		connectCaller("grpc-web", http1, endpoint, connect.WithGRPCWeb()),
		connectCaller("grpc-web json", http1, endpoint, connect.WithGRPCWeb(), json),
		connectCaller("connect", http1, endpoint),
		connectCaller("connect json", http1, endpoint, json),
	}
}

func connectCaller(protocol string, client *http.Client, endpoint string, options ...connect.ClientOption) caller {
	statuses := mobiledataplansharingpbconnect.NewPlanStatusServiceClient(client, endpoint, options...)
	groups := mobiledataplansharingpbconnect.NewPlanGroupServiceClient(client, endpoint, options...)
	call := func(ctx context.Context, token string, request proto.Message) (proto.Message, error) {
		switch request := request.(type) {
		case *mobiledataplansharingpb.CreateUserPlanStatusRequest:
			return send(ctx, token, request, statuses.CreateUserPlanStatus)
		case *mobiledataplansharingpb.CreatePlanStatusRequest:
			return send(ctx, token, request, statuses.CreatePlanStatus)
		case *mobiledataplansharingpb.CreatePlanGroupRequest:
			return send(ctx, token, request, groups.CreatePlanGroup)
		default:
			return nil, fmt.Errorf("no method takes a %T", request)
		}
	}
	return caller{protocol: protocol, call: call, readError: readConnectError}
}

func send[Request, Response any](
	ctx context.Context,
	token string,
	message *Request,
	method func(context.Context, *connect.Request[Request]) (*connect.Response[Response], error),
) (proto.Message, error) {
	request := connect.NewRequest(message)
	if token != "" {
		request.Header().Set("Authorization", "Bearer "+token)
	}
	response, err := method(ctx, request)
	if err != nil {
		return nil, err
	}
	return any(response.Msg).(proto.Message), nil
}

func readConnectError(err error) *failure {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return &failure{Code: "UNKNOWN", message: err.Error()}
	}
	var details []any
	for _, detail := range failed.Details() {
		value, err := detail.Value()
		if err != nil {
			return &failure{Code: "UNKNOWN", message: fmt.Sprintf("a detail cannot be read: %v", err)}
		}
		details = append(details, value)
	}
	return newFailure(failed.Code(), failed.Message(), details)
}
