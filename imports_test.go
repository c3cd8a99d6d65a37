package portcullis

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "portcullis"

// arrows says which packages of ours each package may import. It is a policy to
// be reviewed, not a list to be extended until the test passes. A pattern ending
// in /... means a folder and all below it.
var arrows = map[string][]string{
	"packet":                    {},
	"packet/packettest":         {"packet"},
	"packet/reassembly":         {"packet"},
	"config":                    {},
	"session":                   {"packet", "session/tcp", "session/sctp"},
	"session/tcp":               {},
	"session/sctp":              {},
	"helpers":                   {"packet"},
	"helpers/builtin":           {"helpers/..."},
	"helpers/helpertest":        {"helpers", "packet"},
	"helpers/helpertest/corpus": {"packet"},
	"helpers/*":                 {"helpers", "packet"},
	"handover":                  {"packet", "session/...", "helpers"},
	"policy":                    {"config", "packet", "policy/fqdn"},
	"policy/fqdn":               {"packet", "session"},
	"nat":                       {"config", "packet"},
	"route":                     {"config", "packet"},
	"engine":                    {"packet", "packet/reassembly", "config", "session/...", "helpers", "handover", "policy", "policy/fqdn", "nat", "route"},
	"engine/enginetest":         {"engine", "packet/...", "config", "session", "session/sctp", "helpers/...", "handover"},
	"telemetry":                 {"session", "packet"},
	"control":                   {"session", "packet"},
	"dataplane":                 {"engine", "packet", "session", "dataplane/neighbour"},
	"dataplane/neighbour":       {"packet", "session"},
	"dataplane/afpacket":        {"dataplane", "dataplane/takeover", "packet"},
	"dataplane/takeover":        {},
	"dataplane/internal/nstest": {"lab"},
	"examples":                  {},
	"dataplane/wire":            {"dataplane", "packet"},
	"dataplane/fault":           {"dataplane", "packet"},
	"dataplane/pcap":            {},
	"dataplane/pcap/pcaptest":   {},
	"dataplane/replay":          {"config", "dataplane/pcap", "engine", "helpers", "packet", "session"},
	"dataplane/replay/score":    {"dataplane/replay", "helpers", "helpers/builtin"},
	"dataplane/soak":            {},
	"engine/behaviour":          {},
	"lab":                       {},
	"lab/...":                   {"lab/...", "examples"},
	"cmd/portcullis":            {"*"},
	"cmd/portcullis-lab":        {"lab/...", "examples"},
}

// pure are the folders that are machines: they read no wall clock, start no
// goroutine, open no socket and draw from no global random source.
var pure = []string{"packet", "config", "session", "helpers", "handover", "policy", "nat", "route", "engine"}

// forbidden are the imports and calls that a pure package must not have.
var (
	forbiddenImports = []string{"net", "net/http", "os/exec", "os/signal", "log", "log/slog", "golang.org/x/sys/unix", "syscall", "go.uber.org/zap"}
	forbiddenCalls   = map[string][]string{
		"time": {"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Sleep", "Tick"},
		"rand": {"Int", "IntN", "Uint32", "Uint64", "Float64", "Perm", "Shuffle", "N"},
	}
)

// source is one parsed file that is not a test.
type source struct {
	dir  string
	name string
	file *ast.File
}

func sources(t *testing.T) (list []source, fset *token.FileSet) {
	t.Helper()
	fset = token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "testdata" || n != "." && strings.HasPrefix(n, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err == nil {
			list = append(list, source{dir: filepath.ToSlash(filepath.Dir(p)), name: p, file: f})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, fset
}

// TestArrows holds every import of ours against the table.
func TestArrows(t *testing.T) {
	list, _ := sources(t)
	for _, s := range list {
		allowed, ok := allowedFrom(s.dir)
		if !ok {
			t.Errorf("%s: package %s is not in the table of arrows", s.name, s.dir)
			continue
		}
		for _, imp := range s.file.Imports {
			to, ours := strings.CutPrefix(importPath(imp), module+"/")
			if ours && !slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, to) }) {
				t.Errorf("%s: %s must not import %s", s.name, s.dir, to)
			}
		}
	}
}

// allowedFrom finds the row of the table for a folder: its own, or that of the
// nearest pattern.
func allowedFrom(dir string) ([]string, bool) {
	if a, ok := arrows[dir]; ok {
		return a, true
	}
	if a, ok := arrows[path.Dir(dir)+"/*"]; ok {
		return a, true
	}
	for up := path.Dir(dir); up != "."; up = path.Dir(up) {
		if a, ok := arrows[up+"/..."]; ok {
			return a, true
		}
	}
	return nil, false
}

func matches(pattern, to string) bool {
	if pattern == "*" {
		return true
	}
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return to == below || strings.HasPrefix(to, below+"/")
	}
	return pattern == to
}

// TestPure holds the core to being a machine without time, sockets and threads.
func TestPure(t *testing.T) {
	list, fset := sources(t)
	for _, s := range list {
		if !slices.ContainsFunc(pure, func(p string) bool { return matches(p+"/...", s.dir) }) {
			continue
		}
		for _, imp := range s.file.Imports {
			if slices.Contains(forbiddenImports, importPath(imp)) {
				t.Errorf("%s: a pure package must not import %s", s.name, importPath(imp))
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a pure package must not start a goroutine", fset.Position(n.Pos()))
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if ok && x.Obj == nil && slices.Contains(forbiddenCalls[x.Name], n.Sel.Name) {
					t.Errorf("%s: a pure package must not use %s.%s", fset.Position(n.Pos()), x.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestPackageDocs wants one package comment for each package.
func TestPackageDocs(t *testing.T) {
	list, _ := sources(t)
	docs := map[string]int{}
	for _, s := range list {
		docs[s.dir] += 0
		if s.file.Doc != nil {
			docs[s.dir]++
		}
	}
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("%s: %d package comments, expected one", dir, n)
		}
	}
}

func importPath(i *ast.ImportSpec) string {
	p, err := strconv.Unquote(i.Path.Value)
	if err != nil {
		panic(err)
	}
	return p
}
