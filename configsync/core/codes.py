"""Every code that isn't a rule's: reading, schema, compilation and planning.

Rules bring their own, one file each in `configsync.checks.rules` (CS2xx). A
code is never reused or renumbered: people search for it and silence it.
"""

from __future__ import annotations

from configsync.core.diagnostic import Code, Severity

_ERROR = Severity.ERROR
_WARNING = Severity.WARNING

# Reading files and YAML: CS1xx.

UNREADABLE = Code(
    "CS101",
    _ERROR,
    "a file can't be read",
    "What can't be read can't be checked, and leaving it out would look like a deletion.",
)
NOT_UTF8 = Code(
    "CS102",
    _ERROR,
    "a file is not UTF-8",
    "Text in another encoding would reach the database as other characters.",
)
SYNTAX = Code(
    "CS103", _ERROR, "a file is not YAML", "What doesn't parse has no meaning to compile."
)
EMPTY = Code(
    "CS104",
    _ERROR,
    "a file or document is empty",
    "A file that lost its content must not read as the wish to delete what it defined.",
)
DUPLICATE_KEY = Code(
    "CS105",
    _ERROR,
    "a key stands twice in one mapping",
    "Most YAML readers keep the last value in silence, which is rarely the one that was meant.",
)
ALIAS = Code(
    "CS106",
    _ERROR,
    "an alias or a merge key is used",
    "Aliases let a small file expand without bound, and hide where a value is set.",
)
TAG = Code(
    "CS107",
    _ERROR,
    "a YAML tag is used",
    "Tags name types outside of the YAML core schema; some make a reader run code.",
)
BAD_KEY = Code(
    "CS108",
    _ERROR,
    "a key is not text",
    "Every key of a configuration is a name.",
)
FILE_TOO_LARGE = Code(
    "CS110",
    _ERROR,
    "a file is too large",
    "Files come from strangers' pull requests: the limit keeps a check from running out of memory.",
)
SCALAR_TOO_LONG = Code(
    "CS111",
    _ERROR,
    "a text is too long",
    "The limit keeps a plan readable and the runtime's snapshot small.",
)
TOO_DEEP = Code(
    "CS112",
    _ERROR,
    "a document is nested too deeply",
    "Deep nesting exhausts the stack of whatever reads it next.",
)
TOO_MANY_NODES = Code(
    "CS113",
    _ERROR,
    "a file has too many nodes",
    "The limit keeps a check from running out of time and memory.",
)
NOT_FINITE = Code(
    "CS114",
    _ERROR,
    "a number is infinite or not a number",
    "JSON can't carry it, and PostgreSQL's numeric would take it as a value.",
)
INEXACT = Code(
    "CS115",
    _ERROR,
    "a number would be altered",
    "It has more digits than a double holds, so what is stored would not be what was reviewed.",
)
BAD_CHARACTER = Code(
    "CS116",
    _ERROR,
    "a character can't be stored",
    "PostgreSQL refuses NUL and lone surrogates, and it would do so in the middle of an apply.",
)
BAD_FILE_REFERENCE = Code(
    "CS120",
    _ERROR,
    "a $file or $csv reference can't be followed",
    "A prompt whose file is missing must not become an empty prompt, nor rules none.",
)
BAD_VARIABLE_REFERENCE = Code(
    "CS121",
    _ERROR,
    "a $var reference can't be resolved",
    "A variable that the target doesn't define has no value to fall back on.",
)
BAD_ENVIRONMENT_REFERENCE = Code(
    "CS122",
    _ERROR,
    "an $env reference stands where none may, or names what the settings don't allow",
    "What comes from the environment of an apply is a secret: it is kept where nothing shows it, "
    "and a pull request can't choose which one.",
)
BAD_LAYER = Code(
    "CS130",
    _ERROR,
    "a layer can't be laid over another",
    "A base that is missing, a circle or a patch of nothing would leave values out in silence.",
)
BAD_IGNORE = Code(
    "CS140",
    _ERROR,
    "an ignore comment can't be followed",
    "A finding is silenced for a reason that the next reader can judge, or not at all.",
)
UNUSED_IGNORE = Code(
    "CS141",
    _WARNING,
    "an ignore comment silences nothing",
    "Left behind, it would silence the same finding when it comes back.",
)

# The form of documents: CS15x and CS16x.

NO_DOCUMENTS = Code(
    "CS150",
    _ERROR,
    "no documents were found",
    "An empty source would plan the deletion of everything that it owns.",
)
NOT_A_DOCUMENT = Code(
    "CS151",
    _ERROR,
    "a document is not a mapping with apiVersion and kind",
    "The kind decides how a document is read.",
)
UNKNOWN_KIND = Code(
    "CS152", _ERROR, "a kind is unknown", "A misspelt kind would be left out in silence."
)
UNKNOWN_API_VERSION = Code(
    "CS153",
    _ERROR,
    "an apiVersion is unknown",
    "A later version may give the same words another meaning.",
)
BAD_SCHEMA = Code(
    "CS159",
    _ERROR,
    "a schema file is not a usable JSON Schema",
    "The repository's schema is the one that is enforced, so it must be sound.",
)
WRONG_TYPE = Code(
    "CS160",
    _ERROR,
    "a value has the wrong type",
    'Text, numbers and true or false are stored in columns of their own type: "1" is not 1.',
)
UNKNOWN_KEY = Code(
    "CS161",
    _ERROR,
    "a key is unknown",
    "A misspelt key would leave its value out in silence.",
)
MISSING_KEY = Code(
    "CS162",
    _ERROR,
    "a key is missing",
    "A value that nobody stated would have to be invented, and an application would run on it.",
)
NOT_ALLOWED = Code(
    "CS163",
    _ERROR,
    "a value is none of those allowed",
    "What the application doesn't understand, it would ignore or fail on, later than here.",
)
OUT_OF_RANGE = Code(
    "CS164",
    _ERROR,
    "a number is out of its range",
    "The endpoint or the column would refuse it, later than here.",
)
BAD_TEXT = Code(
    "CS165",
    _ERROR,
    "a text doesn't have the required form",
    "What reads it later relies on the form, and would fail then.",
)
BAD_LENGTH = Code(
    "CS166",
    _ERROR,
    "a list or mapping has too few or too many entries",
    "What reads them later relies on how many there are.",
)
SCHEMA = Code(
    "CS169", _ERROR, "a value doesn't meet its schema", "The schema is the team's own contract."
)

UNSAFE_FORMAT = Code(
    "CS170",
    _ERROR,
    "a file can't be formatted safely",
    "Formatting never changes what a file says; where that isn't certain, the file stays as it is.",
)

# Reading CSV files: CS18x.

CSV_QUOTE = Code(
    "CS181",
    _ERROR,
    "a quote in a CSV file is not closed, or stands within a cell",
    "Readers of CSV disagree what it means: for one it is text, for another it joins lines.",
)
CSV_COLUMN = Code(
    "CS182",
    _ERROR,
    "a column of a CSV file has no usable name",
    "The column's name is the key of its values: without it they would be left out in silence.",
)
CSV_COLUMN_TWICE = Code(
    "CS183",
    _ERROR,
    "a column stands twice in a CSV file",
    "Most readers of CSV keep the last value in silence, which is rarely the one that was meant.",
)
CSV_ROW = Code(
    "CS184",
    _ERROR,
    "a row of a CSV file has more or fewer cells than there are columns",
    "A comma too many or too few moves every value behind it into another column.",
)
CSV_SEPARATOR = Code(
    "CS185",
    _ERROR,
    "the cells of a CSV file aren't parted by commas",
    "Spreadsheets write semicolons or tabs in some countries: each line would be a single cell.",
)
# Compilation: CS3xx.

UNSTORABLE = Code(
    "CS301",
    _ERROR,
    "a column can't hold a value as it is written",
    "What the database would alter or refuse is refused first, whatever the schema says.",
)
DEFINED_TWICE = Code(
    "CS302",
    _ERROR,
    "a resource is defined twice",
    "Which of the two is meant would depend on the order of files.",
)

UNDEFINED_USE = Code(
    "CS303",
    _ERROR,
    "what a document uses is not defined",
    "The application would ask for something that nobody wrote.",
)

# Planning: CS4xx.

DEFAULT_DELETED = Code(
    "CS401",
    _ERROR,
    "the default profile would be deleted",
    "Applications that ask for the default profile would find none.",
)
LAST_GENIE_SPACE = Code(
    "CS402",
    _ERROR,
    "a profile would lose its last Genie space",
    "A profile without a Genie space can't answer a question.",
)
NO_DEFAULT = Code(
    "CS403",
    _ERROR,
    "no profile would be the default",
    "Applications that ask for the default profile would find none.",
)
BAD_RENAME = Code(
    "CS404",
    _ERROR,
    "a rename can't be carried out",
    "A rename keeps identity and history, so its old name must be free to give up and its "
    "new one free to take.",
)
FOREIGN_RESOURCE = Code(
    "CS405",
    _ERROR,
    "a resource belongs to another source",
    "Two repositories that write one row undo each other's work in turn.",
)

PROTECTED = Code(
    "CS406",
    _ERROR,
    "a protected resource would be deleted",
    "prevent_destroy is kept in the database, so that losing a file doesn't lose what it protects.",
)
CONFLICT = Code(
    "CS407",
    _ERROR,
    "git and the database both changed a resource",
    "Whoever changed the database had a reason that git doesn't know; it would be lost.",
)
TOO_MUCH = Code(
    "CS408",
    _ERROR,
    "too much would change at once",
    "A lost folder or a wrong branch looks like a large change, and is rarely meant.",
)
UNREVIEWED = Code(
    "CS409",
    _ERROR,
    "a protected target takes saved plans only",
    "What was reviewed is what is applied.",
)
INCOMPLETE_SELECTION = Code(
    "CS410",
    _ERROR,
    "the selected changes need others that aren't selected",
    "The database would refuse them, or hold something that nobody wrote.",
)
HELD_COMMIT = Code(
    "CS411",
    _ERROR,
    "the commit was rolled back",
    "Applying it again would bring back what somebody had just taken out.",
)
OLDER_COMMIT = Code(
    "CS412",
    _ERROR,
    "the commit is not newer than the applied one",
    "A delayed or repeated run would undo what was applied since.",
)

REHEARSAL = Code(
    "CS413",
    _ERROR,
    "the database would refuse a change",
    "A constraint or trigger of somebody else's would fail the whole apply.",
)
REMARK = Code(
    "CS414",
    Severity.INFO,
    "the database remarks on a change",
    "What a trigger has to say is otherwise lost in a log.",
)
EDITED_PLAN = Code(
    "CS415",
    _ERROR,
    "a saved plan was edited",
    "What was reviewed is what is applied, or nothing is.",
)
VERSION_UNPUBLISHED = Code(
    "CS416",
    _ERROR,
    "a pinned version was never published",
    "Only what was published can be activated again.",
)
VERSION_REWRITTEN = Code(
    "CS417",
    _ERROR,
    "a pinned version was published with other content",
    "Whoever looks up what a version said must find what was answered by it.",
)
STILL_USED = Code(
    "CS418",
    _ERROR,
    "what others use would be deleted",
    "Whoever uses it would find nothing there.",
)
NOT_INSTALLED = Code(
    "CS419",
    _WARNING,
    "resources of a kind that isn't installed are left as they are",
    "The package that adds the kind may be missing by mistake, and what it applied is then "
    "neither compared nor changed.",
)
UNJUDGED = Code(
    "CS420",
    _ERROR,
    "a policy can't judge a plan",
    "What nobody has judged is not allowed: a policy that fails would else let everything pass.",
)
OTHER_POLICIES = Code(
    "CS421",
    _WARNING,
    "a change has other policies than its base",
    "A change is judged by what was agreed before it: it can't loosen what judges it.",
)
UNTRIED = Code(
    "CS422",
    _WARNING,
    "what a target is to promote isn't what its source says",
    "Only what was applied there was tried, and only what the source says can be written.",
)
NO_SECRET = Code(
    "CS423",
    _ERROR,
    "the value of a sensitive setting is not at hand",
    "To write another value in its place, or none, would break the application that reads it.",
)
SECRET_STAYS = Code(
    "CS424",
    _WARNING,
    "a sensitive setting is not compared, and stays as it is",
    "Without its value, or the database's key, nobody can tell whether it would change.",
)
OTHER_DATABASE = Code(
    "CS425",
    _WARNING,
    "a change has another database for a target than its base",
    "Who chooses what a plan connects to chooses where the passwords of CI go.",
)
MARKED = Code(
    "CS426",
    _WARNING,
    "a setting becomes sensitive whose values are in history",
    "History is never rewritten: whoever may read it knows the values that were in the clear.",
)

# What the workspace says, where it is asked: CS5xx.

NO_ENDPOINT = Code(
    "CS501",
    _ERROR,
    "the workspace has no such serving endpoint",
    "The application would fail at its first request, not at the change. "
    "Only validate --online asks.",
)
NO_SPACE = Code(
    "CS502",
    _ERROR,
    "the workspace has no such Genie space",
    "A space that isn't there can't be asked, and the failure shows only when someone asks it. "
    "Only validate --online asks.",
)
NO_EXPERIMENT = Code(
    "CS503",
    _ERROR,
    "the workspace can have no such experiment",
    "Runs can't be traced to an experiment that is deleted, or whose folder isn't there. "
    "Only validate --online asks.",
)
NOT_ASKED = Code(
    "CS504",
    _WARNING,
    "the workspace doesn't say whether something is there",
    "What couldn't be checked must not look as if it had been; nor is it missing.",
)

ALL: tuple[Code, ...] = tuple(
    value for value in dict(globals()).values() if isinstance(value, Code)
)
"""All of them, in the order of this file."""
