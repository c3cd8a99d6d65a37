package tool

import (
	"path/filepath"

	"portcullis/lab"
)

// private is the command that starts the program with files of its own: what
// script, of a shell, does to the tree of files is seen by nobody else. It begins
// with an empty /run, so that daemons do not meet there.
func (t Tool) private(script string, args ...string) lab.Command {
	return within(t.Command(args...), script)
}

// installed is a line of a script for private: it has what is unpacked beside the
// system appear where it is when it is installed, for programs that look for their
// own there alone.
func (t Tool) installed() string {
	if t.root == "" {
		return ":"
	}
	return "mount -t overlay overlay -o lowerdir=" + filepath.Join(t.root, "usr") + ":/usr /usr"
}

// within has a command start with files of its own.
func within(c lab.Command, script string) lab.Command {
	c.Args = append([]string{"--mount", "sh", "-ec", "mount -t tmpfs tmpfs /run\n" + script + "\nexec \"$@\"", "sh", c.Path}, c.Args...)
	c.Path = "unshare"
	return c
}

// overlay is a line of a script for private: it has a file appear in the place of
// another, with what lines say added to that.
func overlay(path, lines string) string {
	name := filepath.Join("/run", filepath.Base(path))
	return "cp " + path + " " + name + "; printf '%s\\n' '" + lines + "' >> " + name + "; mount --bind " + name + " " + path
}
