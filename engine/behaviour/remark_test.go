package behaviour_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/txtar"
)

// remark is one line that says what shows a requirement.
type remark struct {
	label string // of the requirement
	word  string // "default", "not", or options as a configuration spells them, perhaps behind "partly"
	by    string // the file, from the root of the project
	test  string // the function, where that is a Go test
	line  int

	config string // in force there; "" for Go tests, which are taken at their word
}

// place is where a remark stands, for error messages.
func (r *remark) place() string { return fmt.Sprintf("%s:%d", r.by, r.line) }

// spoken is the form of a remark, without what begins a comment.
var spoken = regexp.MustCompile(`^RFC (\d+) ((?:REQ-\d+[a-z]?|section [\d.]+)(?:, (?:REQ-\d+[a-z]?|section [\d.]+))*): (.+)$`)

// meant is how a remark begins.
var meant = regexp.MustCompile(`^RFC (4787|5382|5508|6888|7857) (REQ|section)`)

// parseRemark reads a line of a comment. What begins like a remark but is none is
// a mistake.
func parseRemark(text string) ([]remark, error) {
	m := spoken.FindStringSubmatch(text)
	if m == nil {
		if meant.MatchString(text) {
			return nil, fmt.Errorf("%q is no remark: expected RFC NUMBER REQ-N, REQ-N: default, not, or options", text)
		}
		return nil, nil
	}
	var list []remark
	for _, id := range strings.Split(m[2], ", ") {
		list = append(list, remark{label: "RFC " + m[1] + " " + id, word: m[3]})
	}
	return list, nil
}

// scenarioRemarks are those of a scenario, each with the configuration that is in
// force where it stands.
func scenarioRemarks(file, by string) ([]remark, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	a := txtar.Parse(text)
	config, all := part(a, "fw.toml"), []remark(nil)
	for i, l := range strings.Split(string(a.Comment), "\n") {
		l = strings.TrimSpace(l)
		if f := strings.Fields(l); len(f) > 1 && (f[0] == "reload" || f[0] == "restart") {
			config = part(a, f[1])
		}
		said, ok := strings.CutPrefix(l, "# ")
		if !ok {
			continue
		}
		list, err := parseRemark(said)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", by, i+1, err)
		}
		for _, r := range list {
			r.by, r.line, r.config = by, i+1, config
			all = append(all, r)
		}
	}
	return all, nil
}

// part is a file of an archive.
func part(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// testRemarks are those in the comments of a file of Go tests.
func testRemarks(file, by string) ([]remark, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []remark
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Doc == nil || !strings.HasPrefix(fn.Name.Name, "Test") {
			continue
		}
		for _, c := range fn.Doc.List {
			list, err := parseRemark(strings.TrimSpace(strings.TrimPrefix(c.Text, "//")))
			line := fset.Position(c.Slash).Line
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", by, line, err)
			}
			for _, r := range list {
				r.by, r.line, r.test = by, line, fn.Name.Name
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// remarks are all there are: those of scenarios, and those of Go tests below
// root.
func remarks(root, scenarios string) ([]remark, error) {
	var all []remark
	files, err := filepath.Glob(filepath.Join(root, scenarios, "*.txtar"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		list, err := scenarioRemarks(file, path.Join(scenarios, filepath.Base(file)))
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	err = filepath.WalkDir(root, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		by, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		list, err := testRemarks(file, filepath.ToSlash(by))
		all = append(all, list...)
		return err
	})
	return all, err
}
