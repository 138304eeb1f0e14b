# A scale set with InfiniBand, whose VMs fetch drivers from a private store by their own identity
# and not all at once: user-data.yaml beside this file.
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 3.0"
    }
  }
}

provider "azurerm" {
  features {}
}

variable "resource_group" {
  type = string
}

variable "location" {
  type = string
}

variable "image_id" {
  type = string
}

variable "subnet_id" {
  type = string
}

variable "ssh_public_key" {
  type = string
}

variable "storage_account_id" {
  type = string
}

variable "instances" {
  type    = number
  default = 2
}

resource "azurerm_linux_virtual_machine_scale_set" "nodes" {
  name                   = "nodes"
  resource_group_name    = var.resource_group
  location               = var.location
  sku                    = "Standard_HB176rs_v4"
  instances              = var.instances
  single_placement_group = true
  overprovision          = false
  admin_username         = "azureuser"
  source_image_id        = var.image_id
  custom_data            = filebase64("${path.module}/user-data.yaml")

  admin_ssh_key {
    username   = "azureuser"
    public_key = var.ssh_public_key
  }

  identity {
    type = "SystemAssigned"
  }

  network_interface {
    name                          = "nic"
    primary                       = true
    enable_accelerated_networking = true

    ip_configuration {
      name      = "ipconfig"
      primary   = true
      subnet_id = var.subnet_id
    }
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
  }
}

resource "azurerm_role_assignment" "drivers" {
  scope                = var.storage_account_id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_linux_virtual_machine_scale_set.nodes.identity[0].principal_id
}
