package tool

import (
	"context"
	"path/filepath"

	"portcullis/lab"
)

// sane is the command that starts a program of SANE with a configuration: the
// backends that it uses, and another file.
func (t Tool) sane(dir, backend, file, text string, args ...string) (lab.Command, error) {
	if _, err := writeFile(dir, "dll.conf", backend+"\n"); err != nil {
		return lab.Command{}, err
	}
	if _, err := writeFile(dir, file, text); err != nil {
		return lab.Command{}, err
	}
	c := t.Command(args...)
	if t.root != "" { // where backends are looked for, too
		found, _ := filepath.Glob(t.file("usr/lib/*-linux-gnu*/sane")) // the pattern is well formed
		for _, d := range found {
			c.Env[0] += ":" + d
		}
	}
	c.Env = append(c.Env, "SANE_CONFIG_DIR="+dir)
	return c, nil
}

// Saned starts a SANE server that offers the scanner "test:0", which needs no
// device, with its files in a directory, and waits until it listens.
func Saned(ctx context.Context, ns *lab.Namespace, dir string) (*lab.Process, error) {
	t, err := Find("saned")
	if err != nil {
		return nil, err
	}
	c, err := t.sane(dir, "test", "saned.conf", "0.0.0.0/0\n", "-l", "-e")
	if err != nil {
		return nil, err
	}
	c.Contain = true
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	return p, awaitTCP(ctx, ns, p, "127.0.0.1:6566")
}

// Scanimage scans a picture on a host's scanner "test:0" into a file, with its files
// in a directory.
func Scanimage(ctx context.Context, ns *lab.Namespace, dir, host, file string) (*lab.Process, error) {
	t, err := Find("scanimage")
	if err != nil {
		return nil, err
	}
	c, err := t.sane(dir, "net", "net.conf", host+"\n", "-d", "net:"+host+":test:0", "--mode", "Gray", "--resolution", "300",
		"--test-picture", "Color pattern", "--format=pnm", "-o", file)
	if err != nil {
		return nil, err
	}
	return ns.Run(ctx, c)
}
