package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A vector is a case of test/vectors/cases.json, described in test/vectors/README.md.
type vector struct {
	Name          string
	Service       string
	Method        string
	Token         string
	Request       json.RawMessage
	RequestBinary []byte
	Response      json.RawMessage
	Error         *failure
}

// A failure is the error of a call.
type failure struct {
	// Name of the google.rpc.Code.
	Code string
	// Reason of the google.rpc.ErrorInfo.
	Reason string
	// Fields of the google.rpc.BadRequest.
	Violations []string
	message    string
}

type vectors struct{ Cases []*vector }

func readVectors(path string) (*vectors, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var read vectors
	return &read, json.Unmarshal(text, &read)
}

func (each *vector) method() (protoreflect.MethodDescriptor, error) {
	name := protoreflect.FullName(each.Service).Append(protoreflect.Name(each.Method))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil, err
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is not a method", name)
	}
	return method, nil
}

func newMessage(desc protoreflect.MessageDescriptor) (proto.Message, error) {
	found, err := protoregistry.GlobalTypes.FindMessageByName(desc.FullName())
	if err != nil {
		return nil, err
	}
	return found.New().Interface(), nil
}

// message returns the request, parsed from its JSON or from its binary.
func (each *vector) message(form string) (proto.Message, error) {
	method, err := each.method()
	if err != nil {
		return nil, err
	}
	request, err := newMessage(method.Input())
	if err != nil {
		return nil, err
	}
	if form == "json" {
		return request, protojson.Unmarshal(each.Request, request)
	}
	return request, proto.Unmarshal(each.RequestBinary, request)
}

// compareResponse returns how a response differs from the expected one, or an empty string.
func (each *vector) compareResponse(response proto.Message) string {
	if each.Response == nil {
		return fmt.Sprintf("expected code %s, got OK", each.Error.Code)
	}
	method, err := each.method()
	if err != nil {
		return err.Error()
	}
	expected, err := newMessage(method.Output())
	if err != nil {
		return err.Error()
	}
	if err := protojson.Unmarshal(each.Response, expected); err != nil {
		return fmt.Sprintf("the expected response cannot be read: %v", err)
	}
	if !proto.Equal(expected, response) {
		return fmt.Sprintf("expected %v, got %v", expected, response)
	}
	return ""
}

// compareError returns how an error differs from the expected one, or an empty string.
func (each *vector) compareError(got *failure) string {
	expected := each.Error
	if expected == nil {
		return fmt.Sprintf("expected OK, got %s: %s", got.Code, got.message)
	}
	if got.Code != expected.Code {
		return fmt.Sprintf("expected code %s, got %s: %s", expected.Code, got.Code, got.message)
	}
	if expected.Reason != "" && got.Reason != expected.Reason {
		return fmt.Sprintf("expected reason %s, got %q", expected.Reason, got.Reason)
	}
	if !slices.Equal(got.Violations, expected.Violations) {
		return fmt.Sprintf("expected violations %q, got %q", expected.Violations, got.Violations)
	}
	return ""
}

// newFailure reads an error from its code, whose numbers gRPC and Connect share, and its details.
func newFailure[Number ~uint32](number Number, message string, details []any) *failure {
	read := &failure{Code: code.Code(number).String(), message: message}
	for _, detail := range details {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			read.Reason = detail.GetReason()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				read.Violations = append(read.Violations, violation.GetField())
			}
		}
	}
	return read
}
