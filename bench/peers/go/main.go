// The peers in Go. None verifies a token, logs or writes to a disk; -checked adds validation and a map of statuses.
//
//	peer [-checked] connect|vanguard|gateway|grpc
//
// Prints its URL, then its resource usage for each line it reads. Exits at the end of its input.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect"
	"connectrpc.com/vanguard"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	v1 "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1"
	"github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1/mobiledataplansharingpbconnect"
	gateway "local/peer/gateway/mobiledataplansharing/v1"
)

var checked = flag.Bool("checked", false, "validate requests and keep statuses in a map")

var statuses = struct {
	sync.Mutex
	bytes map[string][]byte
}{bytes: map[string][]byte{}}

func create(request *v1.CreateUserPlanStatusRequest) (*v1.PlanStatus, error) {
	if *checked {
		if err := protovalidate.Validate(request); err != nil {
			return nil, err
		}
	}
	status := request.PlanStatus
	status.Name = request.Parent + "/planStatuses/" + request.UserKey
	if *checked {
		bytes, err := proto.Marshal(status)
		if err != nil {
			return nil, err
		}
		statuses.Lock()
		statuses.bytes[request.Parent+"/"+request.ClientId+"/"+request.UserKey] = bytes
		statuses.Unlock()
	}
	return status, nil
}

type grpcService struct {
	v1.UnimplementedPlanStatusServiceServer
}

func (grpcService) CreateUserPlanStatus(_ context.Context, request *v1.CreateUserPlanStatusRequest) (*v1.PlanStatus, error) {
	return create(request)
}

type connectService struct {
	mobiledataplansharingpbconnect.UnimplementedPlanStatusServiceHandler
}

func (connectService) CreateUserPlanStatus(_ context.Context, request *connect.Request[v1.CreateUserPlanStatusRequest]) (*connect.Response[v1.PlanStatus], error) {
	status, err := create(request.Msg)
	if err != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, err)
	}
	return connect.NewResponse(status), nil
}

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() { must(serve(flag.Arg(0), listener)) }()
	fmt.Printf("http://%s\n", listener.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var usage syscall.Rusage
		must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		fmt.Println((usage.Utime.Nano() + usage.Stime.Nano()) / 1000)
	}
}

func serve(kind string, listener net.Listener) error {
	if kind == "grpc" {
		server := grpc.NewServer()
		v1.RegisterPlanStatusServiceServer(server, grpcService{})
		return server.Serve(listener)
	}
	if kind == "gateway" {
		// Calls the service in this process. As those of the other peers, its responses have no unset fields.
		mux := runtime.NewServeMux(runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{}))
		must(gateway.RegisterPlanStatusServiceHandlerServer(context.Background(), mux, grpcService{}))
		return (&http.Server{Handler: mux}).Serve(listener)
	}
	path, handler := mobiledataplansharingpbconnect.NewPlanStatusServiceHandler(connectService{})
	if kind == "vanguard" {
		transcoder, err := vanguard.NewTranscoder([]*vanguard.Service{vanguard.NewService(path, handler)})
		must(err)
		handler = transcoder
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return (&http.Server{Handler: handler, Protocols: &protocols}).Serve(listener)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
