package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// settingNames returns the names of all settings, and of those that are read from files.
func settingNames() map[string]bool {
	s, names := newSettings(), map[string]bool{}
	for _, section := range s.declared() {
		for _, setting := range section.Settings {
			names[setting.Name] = true
			if setting.Secret {
				names[setting.Name+"_FILE"] = true
			}
		}
	}
	return names
}

// parses checks that a command line, without the program's name, is one.
func parses(t *testing.T, where string, line []string) {
	t.Helper()
	if len(line) == 0 {
		return // a server
	}
	if _, err := (call{Name: line[0], Arguments: line[1:]}).parse(); err != nil {
		t.Errorf("%s: crm %s: %v", where, strings.Join(line, " "), err)
	}
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// yamlFile reads the documents of a file.
func yamlFile[T any](t *testing.T, path string) (documents []T) {
	t.Helper()
	for decoder := yaml.NewDecoder(strings.NewReader(fileText(t, path))); ; {
		var document T
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return documents
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		documents = append(documents, document)
	}
}

// TestCompose checks that the services of the server in the files for Docker Compose have settings that exist, commands that parse, and
// volumes that are declared.
func TestCompose(t *testing.T) {
	t.Parallel()
	type composition struct {
		Services map[string]struct {
			Image, Build string
			Command      any
			Environment  map[string]string
			Volumes      []string
		}
		Volumes map[string]any
	}
	known := settingNames()
	for _, path := range []string{"compose.yaml", "compose.dev.yaml"} {
		composed := yamlFile[composition](t, path)[0]
		for name, service := range composed.Services {
			if service.Image != "crm" && name != "crm" {
				continue
			}
			for variable := range service.Environment {
				if !known[variable] {
					t.Errorf("%s: %s: there is no setting %s", path, name, variable)
				}
			}
			var line []string
			words, _ := service.Command.([]any)
			for _, word := range words {
				line = append(line, word.(string))
			}
			parses(t, path, line)
			for _, volume := range service.Volumes {
				if source, _, _ := strings.Cut(volume, ":"); composed.Volumes != nil {
					if _, declared := composed.Volumes[source]; !declared {
						t.Errorf("%s: %s: there is no volume %s", path, name, source)
					}
				}
			}
		}
	}
	if backup := yamlFile[composition](t, "compose.yaml")[0].Services["backup"]; backup.Environment["MONGO_URI"] == "" {
		t.Errorf("the backup's environment is %v", backup.Environment)
	}
}

// TestDockerfile checks what the image declares.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	content := fileText(t, "Dockerfile")
	for _, want := range []string{"\nUSER 65532", "\nVOLUME /data", "\nHEALTHCHECK ", "org.opencontainers.image.version", "-X main.release="} {
		if !strings.Contains(content, want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
}

// TestSystemd checks the command lines and settings of the units, and what systemd says about them.
func TestSystemd(t *testing.T) {
	t.Parallel()
	known, folder := settingNames(), t.TempDir()
	var paths []string
	for _, name := range []string{"crm.service", "crm-backup.service", "crm-backup.timer"} {
		content := fileText(t, filepath.Join("examples/systemd", name))
		for _, line := range regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/crm ?(.*)$`).FindAllStringSubmatch(content, -1) {
			parses(t, name, strings.Fields(line[1]))
		}
		for _, variable := range regexp.MustCompile(`(?m)^Environment=(\w+)=`).FindAllStringSubmatch(content, -1) {
			if !known[variable[1]] {
				t.Errorf("%s: there is no setting %s", name, variable[1])
			}
		}
		// Elsewhere the program isn't installed.
		content = strings.ReplaceAll(content, "/usr/local/bin/crm", "/bin/true")
		paths = append(paths, filepath.Join(folder, name))
		if err := os.WriteFile(paths[len(paths)-1], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze")
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", append([]string{"verify", "--man=no"}, paths...)...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, folder) || strings.HasPrefix(line, "crm") {
			t.Errorf("systemd-analyze verify: %v %s", err, line)
		}
	}
}

// object is what this test reads of a Kubernetes object.
type object struct {
	Kind string
	Spec struct {
		Replicas     int
		MinAvailable int `yaml:"minAvailable"`
		Selector     any
		Template     podTemplate
		JobTemplate  struct {
			Spec struct{ Template podTemplate }
		} `yaml:"jobTemplate"`
		Ports []struct {
			TargetPort string `yaml:"targetPort"`
		}
	}
}

type podTemplate struct {
	Metadata struct{ Labels map[string]string }
	Spec     struct {
		Containers []struct {
			Args            []string
			Ports           []struct{ Name string }
			StartupProbe    probe `yaml:"startupProbe"`
			LivenessProbe   probe `yaml:"livenessProbe"`
			ReadinessProbe  probe `yaml:"readinessProbe"`
			SecurityContext struct {
				ReadOnlyRootFilesystem bool `yaml:"readOnlyRootFilesystem"`
			} `yaml:"securityContext"`
		}
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// TestKubernetes checks that the files for Kubernetes fit together and name only settings that exist.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	const folder = "examples/kubernetes"
	type kustomization struct {
		Resources          []string
		ConfigMapGenerator []struct{ Literals []string } `yaml:"configMapGenerator"`
	}
	k := yamlFile[kustomization](t, filepath.Join(folder, "kustomization.yaml"))[0]
	known := settingNames()
	for _, literal := range k.ConfigMapGenerator[0].Literals {
		if name, _, _ := strings.Cut(literal, "="); !known[name] {
			t.Errorf("there is no setting %s", name)
		}
	}
	objects := map[string][]object{}
	for _, name := range k.Resources {
		for _, o := range yamlFile[object](t, filepath.Join(folder, name)) {
			objects[o.Kind] = append(objects[o.Kind], o)
		}
	}
	for _, kind := range []string{"Deployment", "PodDisruptionBudget", "Service", "Ingress", "NetworkPolicy", "CronJob", "PersistentVolumeClaim"} {
		if len(objects[kind]) != 1 {
			t.Fatalf("there are %d objects of kind %s", len(objects[kind]), kind)
		}
	}
	deployment := objects["Deployment"][0].Spec
	if deployment.Replicas != 3 || objects["PodDisruptionBudget"][0].Spec.MinAvailable >= deployment.Replicas {
		t.Errorf("the disruption budget lets no server of %d go", deployment.Replicas)
	}
	checkPod(t, deployment.Template)
	checkPod(t, objects["CronJob"][0].Spec.JobTemplate.Spec.Template)
	if selector, _ := objects["Service"][0].Spec.Selector.(map[string]any); len(selector) == 0 {
		t.Error("the service selects nothing")
	} else {
		for label, value := range selector {
			if deployment.Template.Metadata.Labels[label] != value {
				t.Errorf("the service selects %s=%v", label, value)
			}
		}
	}
}

// checkPod checks the containers of a pod.
func checkPod(t *testing.T, pod podTemplate) {
	t.Helper()
	for _, container := range pod.Spec.Containers {
		parses(t, "Kubernetes", container.Args)
		if !container.SecurityContext.ReadOnlyRootFilesystem {
			t.Error("a container may write to its image")
		}
		var ports []string
		for _, port := range container.Ports {
			ports = append(ports, port.Name)
		}
		for path, p := range map[string]probe{
			"/readyz": container.ReadinessProbe, "/healthz": container.LivenessProbe, "/readyz of the start": container.StartupProbe,
		} {
			if len(ports) > 0 && (!strings.HasPrefix(path, p.HTTPGet.Path) || p.HTTPGet.Path == "" || !slices.Contains(ports, p.HTTPGet.Port)) {
				t.Errorf("the probe %s asks for %v", path, p.HTTPGet)
			}
		}
	}
}

// TestTask checks that the task for AWS names only settings that exist, and leaves the server the time to stop.
func TestTask(t *testing.T) {
	t.Parallel()
	type pair struct{ Name string }
	var task struct {
		ContainerDefinitions []struct {
			StopTimeout          int
			HealthCheck          struct{ Command []string }
			Environment, Secrets []pair
		}
	}
	if err := json.Unmarshal([]byte(fileText(t, "examples/aws/task.json")), &task); err != nil || len(task.ContainerDefinitions) != 1 {
		t.Fatalf("the task is %+v, error %v", task, err)
	}
	container, known := task.ContainerDefinitions[0], settingNames()
	for _, variable := range append(container.Environment, container.Secrets...) {
		if !known[variable.Name] {
			t.Errorf("there is no setting %s", variable.Name)
		}
	}
	if command := container.HealthCheck.Command; !slices.Equal(command, []string{"CMD", "/crm", "health"}) {
		t.Errorf("the health check is %v", command)
	}
	if time.Duration(container.StopTimeout)*time.Second < shutdownTime {
		t.Errorf("the server is killed after %d seconds", container.StopTimeout)
	}
}
