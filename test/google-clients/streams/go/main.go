// Reads REST streams and errors with gax-go, as Google's generated clients do: see ../clients.test.ts.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/googleapis/gax-go/v2"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/googleapi"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

type call struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	Body     string `json:"body"`
	Protocol string `json:"protocol"`
	Gzip     bool   `json:"gzip"`
}

type report struct {
	Name       string   `json:"name"`
	Messages   []string `json:"messages"`
	Error      string   `json:"error"`
	Code       int      `json:"code"`
	Reason     string   `json:"reason"`
	Violations []string `json:"violations"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var each call
		if err := json.Unmarshal(lines.Bytes(), &each); err != nil {
			log.Fatal(err)
		}
		done := report{Name: each.Name, Messages: []string{}, Violations: []string{}}
		if err := run(each, &done); err != nil {
			describe(err, &done)
		}
		if err := json.NewEncoder(os.Stdout).Encode(done); err != nil {
			log.Fatal(err)
		}
	}
}

func run(each call, done *report) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(each.Protocol == "HTTP/1.1")
	protocols.SetUnencryptedHTTP2(each.Protocol == "HTTP/2")
	// Go's transport requests gzip itself and decompresses, unless this is disabled.
	client := &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{Protocols: protocols, DisableCompression: !each.Gzip},
	}
	method := http.MethodGet
	if each.Body != "" {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, each.URL, bytes.NewReader([]byte(each.Body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.Proto != each.Protocol && response.Proto != each.Protocol+".0" {
		log.Fatalf("%s was used instead of %s", response.Proto, each.Protocol)
	}
	if err := googleapi.CheckResponse(response); err != nil {
		return err
	}
	stream := gax.NewProtoJSONStreamReader(response.Body, (&errdetails.LocalizedMessage{}).ProtoReflect().Type())
	defer stream.Close()
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		done.Messages = append(done.Messages, message.(*errdetails.LocalizedMessage).GetMessage())
	}
}

func describe(err error, done *report) {
	done.Error = err.Error()
	if parsed, ok := apierror.FromError(err); ok {
		done.Code = parsed.HTTPCode()
		done.Reason = parsed.Reason()
		if request := parsed.Details().BadRequest; request != nil {
			for _, violation := range request.GetFieldViolations() {
				done.Violations = append(done.Violations, violation.GetField())
			}
		}
	}
}
