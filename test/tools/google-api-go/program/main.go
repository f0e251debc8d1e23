// Program main pushes the status on standard input with the generated client and reads it back.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"
	api "google.golang.org/api/mobiledataplansharing/v1"
	"google.golang.org/api/option"
)

func service(variable string) *api.Service {
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: os.Getenv(variable)})
	service, err := api.NewService(context.Background(), option.WithEndpoint(os.Args[1]), option.WithTokenSource(token))
	if err != nil {
		log.Fatal(err)
	}
	return service
}

func main() {
	var status api.PlanStatus
	if err := json.NewDecoder(os.Stdin).Decode(&status); err != nil {
		log.Fatal(err)
	}
	const parent, client, user = "operators/65001", "youtube", "a/b+c=="
	push := service("PUSH_TOKEN").Operators.Clients.Users.PlanStatus
	read := service("READ_TOKEN").Operators.Clients.Users.PlanStatus
	created, err := push.Create(parent, client, user, &status).Do()
	if err != nil {
		log.Fatal(err)
	}
	got, err := read.Get(parent, client, user).Fields("name", "plans/planId").Do()
	if err != nil {
		log.Fatal(err)
	}
	status.LanguageCode = ""
	_, err = push.Create(parent, client, user, &status).Do()
	var rejected *googleapi.Error
	if !errors.As(err, &rejected) {
		log.Fatal("expected an error, got ", err)
	}
	fmt.Println(created.Name, got.Name, got.Plans[0].PlanId, got.LanguageCode == "", rejected.Code, rejected.Message)
}
