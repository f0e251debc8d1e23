package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// The kinds that the manifests use, by apiVersion and kind.
var kinds = map[string]func() any{
	"apps/v1 Deployment":                  func() any { return new(appsv1.Deployment) },
	"apps/v1 StatefulSet":                 func() any { return new(appsv1.StatefulSet) },
	"monitoring.coreos.com/v1 PodMonitor": func() any { return new(monitoringv1.PodMonitor) },
	"networking.k8s.io/v1 NetworkPolicy":  func() any { return new(networkingv1.NetworkPolicy) },
	"policy/v1 PodDisruptionBudget":       func() any { return new(policyv1.PodDisruptionBudget) },
	"v1 ConfigMap":                        func() any { return new(corev1.ConfigMap) },
	"v1 Secret":                           func() any { return new(corev1.Secret) },
	"v1 Service":                          func() any { return new(corev1.Service) },
	"v1 ServiceAccount":                   func() any { return new(corev1.ServiceAccount) },
}

func checkKustomization(directory string) error {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		return err
	}
	text, err := built.AsYaml()
	if err != nil {
		return err
	}
	return checkObjects(text)
}

func checkFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return checkObjects(text)
}

func checkObjects(text []byte) error {
	var problems []error
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Metadata   struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal(document, &head); err != nil {
			return err
		}
		name := head.APIVersion + " " + head.Kind
		make, known := kinds[name]
		if !known {
			problems = append(problems, fmt.Errorf("unexpected kind %s", name))
			continue
		}
		if err := yaml.UnmarshalStrict(document, make()); err != nil {
			problems = append(problems, fmt.Errorf("%s %s: %w", name, head.Metadata.Name, err))
			continue
		}
		fmt.Println(name, head.Metadata.Name)
	}
	return errors.Join(problems...)
}
