"""Errors of the cloud on a laptop.

LocalCloudError
├── UsageError                    the command line asks for what cannot be done: exit code 2
├── SynthesisError                an app did not synthesize
├── AssemblyError                 a synthesized assembly is not what was expected
├── DeploymentError               a template could not be deployed
│   └── UnsupportedResourceError  it needs something that has no stand-in on a laptop
├── FunctionError                 a function crashed, timed out or raised
├── RoleRefused                   a role does not trust the service that would act in it
├── StorageError                  an object's bytes could not be taken in
├── CatalogError                  a table cannot be read as the catalog describes it
└── CrawlCancelled                a crawl was told to stop
"""


class LocalCloudError(Exception):
    """The cloud on a laptop cannot go on."""


class UsageError(LocalCloudError):
    """The command line asks for what cannot be done."""


class SynthesisError(LocalCloudError):
    """An app did not synthesize."""


class AssemblyError(LocalCloudError):
    """A synthesized assembly is not what was expected."""


class DeploymentError(LocalCloudError):
    """A template could not be deployed."""


class UnsupportedResourceError(DeploymentError):
    """A template needs something that has no stand-in on a laptop."""


class FunctionError(LocalCloudError):
    """A function crashed, timed out or raised."""


class RoleRefused(LocalCloudError):
    """A role does not trust the service that would act in it."""


class StorageError(LocalCloudError):
    """An object's bytes could not be taken in."""


class CatalogError(LocalCloudError):
    """A table cannot be read as the catalog describes it."""


class CrawlCancelled(LocalCloudError):
    """A crawl was told to stop."""
